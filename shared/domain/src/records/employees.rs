//! The canonical employee.

use jiff::Timestamp;
use jiff::civil::Date;

use super::fields::record;

record! {
    /// An employee. Its key is `employeeId`.
    Employee {
        /// Personnel number.
        #[schema(example = "1")]
        employee_id "employeeId": String ["employeeid" "personnelnumber" "personnumber" "employeenumber" "employeeno" "staffid" "empid" "userid" "number" "id"] = required,
        /// Given name.
        first_name "firstName": String ["firstname" "givenname" "forename"],
        /// Family name.
        last_name "lastName": String ["lastname" "surname" "familyname"],
        /// Full name, where the ERP keeps it in one.
        name "name": String ["name" "fullname" "displayname" "employeename" "defaultfullname"],
        /// E-mail address.
        email "email": String ["email" "emailaddress" "mail" "workemail" "companyemail"],
        /// Telephone number.
        phone "phone": String ["phone" "phonenumber" "homephone" "workphone" "telephone" "businessphone" "mobilephone" "mobile"],
        /// Job title.
        job_title "jobTitle": String ["jobtitle" "title" "position" "designation" "jobname"],
        /// Department.
        department "department": String ["department" "departmentname" "departmentid" "costcenter"],
        /// Place of work.
        location "location": String ["location" "office" "branch" "worklocation" "city"],
        /// Personnel number of the manager.
        manager_id "managerId": String ["managerid" "reportsto" "manager" "supervisor" "supervisorid"],
        /// First day.
        hired_on "hiredOn": Date ["hiredon" "hiredate" "startdate" "employmentdate" "dateofjoining" "originalhiredate"],
        /// Last day.
        left_on "leftOn": Date ["lefton" "terminationdate" "enddate" "leavingdate" "relievingdate" "releasedate"],
        /// Employment status, in the ERP's words.
        status "status": String ["status" "employmentstatus"],
        /// Whether they are employed.
        active "active": bool ["active" "isactive" "enabled"],
        /// When the ERP last changed it.
        modified_at "modifiedAt": Timestamp ["modifiedat" "updatedat" "lastmodified" "lastmodifieddatetime" "lastmodifieddate" "modified" "writedate" "lastchangedatetime" "lastupdatedate" "updated"],
    }
}
