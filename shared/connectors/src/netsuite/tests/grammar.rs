//! Reading the part of SuiteQL that the connector speaks.

/// A query.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) columns: Vec<(Expression, String)>,
    /// A list, and its name in the query.
    pub(super) from: (String, String),
    pub(super) joins: Vec<Join>,
    pub(super) condition: Option<Condition>,
    /// By what it is sorted, and whether downwards.
    pub(super) order: Vec<(Expression, bool)>,
}

#[derive(Debug)]
pub(super) struct Join {
    pub(super) keeps_left: bool,
    pub(super) table: String,
    pub(super) alias: String,
    pub(super) left: Expression,
    pub(super) right: Expression,
}

#[derive(Debug)]
pub(super) enum Expression {
    Column(String, String),
    /// A text or a number.
    Text(String),
    /// What is multiplied by -1.
    Negated(Box<Expression>),
    Call(String, Vec<Expression>),
}

#[derive(Debug)]
pub(super) enum Condition {
    Compare(Expression, String, Expression),
    In(Expression, bool, Vec<Expression>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0 };
        let query = parser.query()?;
        match parser.tokens.get(parser.at) {
            None => Ok(query),
            Some(token) => Err(format!("Syntax error at '{token}'.")),
        }
    }

    /// The columns it names, by the name of their list.
    pub(super) fn columns_used(&self) -> Vec<(&String, &str)> {
        let mut used = Vec::new();
        let joined = self.joins.iter().flat_map(|join| [&join.left, &join.right]);
        let selected = self.columns.iter().map(|(expression, _)| expression);
        let sorted = self.order.iter().map(|(expression, _)| expression);
        selected.chain(joined).chain(sorted).for_each(|expression| expression.columns(&mut used));
        if let Some(condition) = &self.condition {
            condition.columns(&mut used);
        }
        used
    }
}

impl Expression {
    fn columns<'a>(&'a self, used: &mut Vec<(&'a String, &'a str)>) {
        match self {
            Self::Column(alias, column) => used.push((alias, column)),
            Self::Text(_) => {}
            Self::Negated(inner) => inner.columns(used),
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.columns(used)),
        }
    }
}

impl Condition {
    fn columns<'a>(&'a self, used: &mut Vec<(&'a String, &'a str)>) {
        match self {
            Self::Compare(left, _, right) => [left, right].into_iter().for_each(|one| one.columns(used)),
            Self::In(found, _, list) => {
                std::iter::once(found).chain(list).for_each(|one| one.columns(used));
            }
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().for_each(|one| one.columns(used));
            }
        }
    }
}

/// Names, numbers, texts with the quote they begin with, and signs.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut rest = text;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = if first == '\'' {
            let mut end = 1;
            loop {
                let quote = rest[end..].find('\'').ok_or("A text does not end.")?;
                end += quote + 1;
                if !rest[end..].starts_with('\'') {
                    break end;
                }
                end += 1;
            }
        } else if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with(">=") {
            2
        } else if "().,=>*-".contains(first) {
            1
        } else {
            return Err(format!("Syntax error at '{first}'."));
        };
        tokens.push(rest[..end].to_owned());
        rest = &rest[end..];
    }
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn query(&mut self) -> Result<Query, String> {
        self.expect("SELECT")?;
        let columns = self.list(|parser| {
            let expression = parser.expression()?;
            parser.expect("AS")?;
            let name = parser.word()?;
            if name.chars().any(char::is_uppercase) || name.len() > 30 {
                return Err(format!("Invalid name '{name}'."));
            }
            Ok((expression, name))
        })?;
        self.expect("FROM")?;
        let table = self.word()?;
        let alias = if self.tokens.get(self.at).is_none() { table.clone() } else { self.word()? };
        let mut joins = Vec::new();
        while let Some(keeps_left) = self.join() {
            let (table, alias) = (self.word()?, self.word()?);
            self.expect("ON")?;
            let left = self.expression()?;
            self.expect("=")?;
            joins.push(Join { keeps_left, table, alias, left, right: self.expression()? });
        }
        let condition = if self.takes("WHERE") { Some(self.all()?) } else { None };
        let mut order = Vec::new();
        if self.takes("ORDER") {
            self.expect("BY")?;
            order = self.list(|parser| Ok((parser.expression()?, parser.takes("DESC"))))?;
        }
        Ok(Query { columns, from: (table, alias), joins, condition, order })
    }

    /// Whether a join begins, and whether it keeps what finds no partner.
    fn join(&mut self) -> Option<bool> {
        let keeps_left = self.takes("LEFT");
        self.takes("JOIN").then_some(keeps_left)
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.condition()?];
        while self.takes("AND") {
            all.push(self.condition()?);
        }
        Ok(Condition::All(all))
    }

    fn condition(&mut self) -> Result<Condition, String> {
        if self.takes("(") {
            let mut any = vec![self.all()?];
            while self.takes("OR") {
                any.push(self.all()?);
            }
            self.expect(")")?;
            return Ok(Condition::Any(any));
        }
        let left = self.expression()?;
        let is_in = !self.takes("NOT");
        if self.takes("IN") {
            self.expect("(")?;
            let list = self.list(Self::expression)?;
            self.expect(")")?;
            return Ok(Condition::In(left, is_in, list));
        }
        let operator = self.word()?;
        match operator.as_str() {
            "=" | ">" | ">=" if is_in => Ok(Condition::Compare(left, operator, self.expression()?)),
            _ => Err(format!("Syntax error at '{operator}'.")),
        }
    }

    fn expression(&mut self) -> Result<Expression, String> {
        let first = self.word()?;
        let expression = if let Some(text) = first.strip_prefix('\'') {
            Expression::Text(text[..text.len() - 1].replace("''", "'"))
        } else if first == "-" || first.parse::<i64>().is_ok() {
            let number = if first == "-" { format!("-{}", self.word()?) } else { first };
            Expression::Text(number)
        } else if first == "BUILTIN" {
            self.expect(".")?;
            let name = format!("BUILTIN.{}", self.word()?);
            self.call(name)?
        } else if self.takes(".") {
            Expression::Column(first, self.word()?)
        } else {
            self.call(first)?
        };
        if self.takes("*") {
            self.expect("-")?;
            self.expect("1")?;
            return Ok(Expression::Negated(Box::new(expression)));
        }
        Ok(expression)
    }

    fn call(&mut self, name: String) -> Result<Expression, String> {
        self.expect("(")?;
        let arguments = self.list(Self::expression)?;
        self.expect(")")?;
        Ok(Expression::Call(name, arguments))
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut list = vec![one(self)?];
        while self.takes(",") {
            list.push(one(self)?);
        }
        Ok(list)
    }

    fn word(&mut self) -> Result<String, String> {
        let word = self.tokens.get(self.at).cloned().ok_or("The query ends too early.")?;
        self.at += 1;
        Ok(word)
    }

    fn takes(&mut self, token: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|found| found == token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.takes(token) {
            return Ok(());
        }
        let found = self.tokens.get(self.at).map_or("the end", String::as_str);
        Err(format!("Syntax error at '{found}': {token} was expected."))
    }
}
